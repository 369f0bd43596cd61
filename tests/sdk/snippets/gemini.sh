curl -sSf "$TOROUTER_URL/v1beta/models/gemini-3-flash-preview:generateContent" \
  -H "x-goog-api-key: $TOROUTER_KEY" -H "Content-Type: application/json" \
  -d '{"contents":[{"parts":[{"text":"hi"}]}]}'
