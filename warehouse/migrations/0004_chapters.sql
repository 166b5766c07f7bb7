alter table load_log add column has_chapters boolean default false;
comment on column load_log.has_chapters is 'Whether the document says which chapters the episode itself has';
comment on column chapters.source is 'Who gave it: the format of a transcript, else podcast:chapters, feed, youtube, file or notes';
comment on column episodes.linked_by is 'How the episode is known: feed, youtube, url or file; for one known only by a text, how that was linked';
comment on column transcripts.linked_by is 'How a published text was linked to its episode: feed (the publisher offers it), episode (given), url, youtube, show_title, title or file; NULL for asr';
