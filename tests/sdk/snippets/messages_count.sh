curl -sSf "$TOROUTER_URL/v1/messages/count_tokens" \
  -H "x-api-key: $TOROUTER_KEY" \
  -H "anthropic-version: 2023-06-01" \
  -H "anthropic-beta: prompt-caching-2024-07-31" \
  -H "Content-Type: application/json" \
  -d '{"model": "claude-opus-4-7", "messages": [{"role": "user", "content": "hi"}]}' | grep '"input_tokens"'
