head -c 3000000 /dev/zero | curl --fail --silent --show-error "$TOROUTER_URL/v1/images/edits" \
-H "Authorization: Bearer $TOROUTER_KEY" \
-F model=gpt-image-1 -F prompt="a hat on its head" -F "image=@-;filename=cat.png;type=image/png"
