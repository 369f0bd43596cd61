curl -sSf "$TOROUTER_URL/v1beta/models/gemini-3-flash-preview:countTokens?key=$TOROUTER_KEY" \
  -H "Content-Type: application/json" \
  -d '{"contents":[{"parts":[{"text":"hi"}]}]}' | grep '"totalTokens"'
