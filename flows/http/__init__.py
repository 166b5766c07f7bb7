"""The one guarded HTTP client: addresses judged, redirects followed, bodies and time capped."""
