"""The pages and forms: signing in, planning meetings, links, and the way into the room."""
