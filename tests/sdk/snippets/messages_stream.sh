curl --silent --show-error --fail-with-body --no-buffer "$TOROUTER_URL/v1/messages" \
  -H "x-api-key: $TOROUTER_KEY" \
  -H "anthropic-version: 2023-06-01" \
  -H "Content-Type: application/json" \
  -d '{"model": "claude-opus-4-7", "max_tokens": 256, "stream": true, "messages": [{"role": "user", "content": "hi"}]}' \
  | tee /dev/stderr | grep --quiet '^event: message_stop'
echo "complete"
