curl --fail --silent --show-error "$TOROUTER_URL/v1/embeddings" \
-H "Authorization: Bearer $TOROUTER_KEY" \
-H "Content-Type: application/json" \
-d '{"model":"openai/text-embedding-3-small","input":"hello world"}'
