"""Coming from another tool: its exports, recognised, with states, tags and past events."""
