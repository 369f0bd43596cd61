curl -sSf "$TOROUTER_URL/v1/models" -H "x-api-key: $TOROUTER_KEY" -H "anthropic-version: 2023-06-01" | grep '"has_more"'
