curl -sSf "$TOROUTER_URL/v1beta/models?key=$TOROUTER_KEY" | grep '"models/gemini-3-flash-preview"'
curl -sSf "$TOROUTER_URL/v1beta/models/gemini-3-flash-preview" -H "x-goog-api-key: $TOROUTER_KEY" | grep '"models/gemini-3-flash-preview"'
