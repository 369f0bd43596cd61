curl -sSf "$TOROUTER_URL/v1/models" -H "Authorization: Bearer $TOROUTER_KEY" | grep '"object":"list"'
