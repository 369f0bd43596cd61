ask() { curl -sSf -H "Authorization: Bearer $TOROUTER_KEY" -H "Content-Type: application/json" "$@"; }
member() { python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
id=$(ask "$TOROUTER_URL/v1/conversations" -d '{"metadata":{"topic":"demo"}}' | member id)
ask "$TOROUTER_URL/v1/responses" -d '{"model":"sandbox/echo","input":"Hello!","conversation":"'"$id"'"}' > /dev/null
ask "$TOROUTER_URL/v1/conversations/$id/items" -d '{"items":[{"role":"user","content":"And?"}]}' > /dev/null
ask "$TOROUTER_URL/v1/conversations/$id/items?order=asc" | member data
ask -X DELETE "$TOROUTER_URL/v1/conversations/$id" | member deleted
