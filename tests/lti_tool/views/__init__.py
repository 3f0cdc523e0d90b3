"""The web process as a browser meets it: pages, the JSON API, the event stream."""
