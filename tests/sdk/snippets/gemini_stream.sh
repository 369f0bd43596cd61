curl -sSfN "$TOROUTER_URL/v1beta/models/gemini-3-flash-preview:streamGenerateContent?alt=sse&key=$TOROUTER_KEY" \
  -H "Content-Type: application/json" \
  -d '{"contents":[{"parts":[{"text":"count"}]}]}' \
  | tee /dev/stderr | grep --quiet '^data: .*"finishReason"'
echo "complete"
