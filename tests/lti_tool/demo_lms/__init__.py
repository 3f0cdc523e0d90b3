"""The demo LMS over real HTTP, with a small tool that has its own keys on the other side."""
