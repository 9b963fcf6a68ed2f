"""The Amazon client against odd and published replies."""
