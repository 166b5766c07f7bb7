create table discoveries (
    staged_key varchar,
    episode_id varchar,
    podcast_id varchar not null,
    staged_at timestamptz not null,
    loaded_at timestamptz not null,
    primary key (staged_key, episode_id)
);
comment on table discoveries is 'One row per episode that was found in a subscribed feed, whether it has been heard or not.';
comment on column discoveries.staged_key is 'Key of the document that brought it, one a feed and poll';
comment on column discoveries.episode_id is 'The episode (episodes.episode_id)';
comment on column discoveries.podcast_id is 'The show (podcasts.podcast_id)';
comment on column discoveries.staged_at is 'When it was found, UTC';
comment on column discoveries.loaded_at is 'When it was loaded, UTC';
