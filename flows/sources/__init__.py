"""What a user names → the episodes behind it: feeds, pages, directories, YouTube."""
