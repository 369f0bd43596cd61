curl -sSfN "$TOROUTER_URL/v1beta/models/gemini-3-flash-preview:streamGenerateContent" \
  -H "x-goog-api-key: $TOROUTER_KEY" -H "Content-Type: application/json" \
  -d '{"contents":[{"parts":[{"text":"Count."}]}]}' | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["candidates"][0]["finishReason"])'
