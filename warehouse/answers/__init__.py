"""What anybody asks in SQL, answered by a process of its own within limits; and what an assistant asks."""
