curl --silent --show-error --fail-with-body "$TOROUTER_URL/v1/responses" \
  -H "Authorization: Bearer $TOROUTER_KEY" \
  -H "Content-Type: application/json" \
  -d '{"model": "gpt-5", "input": "hi"}'
