insert into discoveries (staged_key, episode_id, podcast_id, staged_at, loaded_at)
values ('poll', 'read', 'show', '2026-01-01', '2026-01-01');
