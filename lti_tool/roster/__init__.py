"""Who is in a course: read from the platform, kept, and compared with who has begun."""
