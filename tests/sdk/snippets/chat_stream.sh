curl --silent --show-error --fail-with-body --no-buffer "$TOROUTER_URL/v1/chat/completions" \
  -H "Authorization: Bearer $TOROUTER_KEY" \
  -H "Content-Type: application/json" \
  -d '{"model": "gpt-5", "stream": true, "messages": [{"role": "user", "content": "hi"}]}' \
  | tee /dev/stderr | grep --quiet '^data: \[DONE\]'
echo "complete"
