alter table episodes add column published_text varchar;
comment on column episodes.published_text is 'The date of publication as the feed writes it, also where nobody can believe it';
alter table discoveries add column feed_index bigint;
comment on column discoveries.feed_index is 'Place among those that the same poll found, newest first, from 0; NULL where it was not kept';
