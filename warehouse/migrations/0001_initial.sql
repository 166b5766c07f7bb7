create table podcasts (
    podcast_id varchar primary key,
    title varchar,
    author varchar,
    feed_url varchar,
    site_url varchar,
    language varchar,
    updated_at timestamptz not null
);
comment on table podcasts is 'One row per show, as its feed describes it.';
comment on column podcasts.podcast_id is 'podcast:guid of the feed, else a UUIDv5 of the feed URL';
comment on column podcasts.title is 'Name of the show';
comment on column podcasts.author is 'Who makes the show';
comment on column podcasts.feed_url is 'URL or path of the feed';
comment on column podcasts.site_url is 'Home page of the show';
comment on column podcasts.language is 'Language tag (BCP 47) that the feed claims';
comment on column podcasts.updated_at is 'When the newest document that describes the show was staged, UTC';

create table episodes (
    episode_id varchar primary key,
    podcast_id varchar,
    guid varchar,
    title varchar,
    description varchar,
    published_at timestamptz,
    season bigint,
    episode_number double,
    language varchar,
    page_url varchar,
    audio_url varchar,
    duration double,
    linked_by varchar not null,
    transcripts struct(url varchar, media_type varchar, "language" varchar, rel varchar)[],
    persons struct("name" varchar, "role" varchar)[],
    updated_at timestamptz not null
);
comment on table episodes is 'One row per episode, as its feed, its URL or its file describes it.';
comment on column episodes.episode_id is 'UUIDv5 of show and guid, of the audio URL or of the audio file; youtube:<id> for YouTube';
comment on column episodes.podcast_id is 'The show (podcasts.podcast_id); NULL for a lone file or URL';
comment on column episodes.guid is 'guid of the item in the feed';
comment on column episodes.title is 'Title of the episode';
comment on column episodes.description is 'Show notes as plain text';
comment on column episodes.published_at is 'When the episode was published, UTC';
comment on column episodes.season is 'Season number';
comment on column episodes.episode_number is 'Number within the season; may have a fraction';
comment on column episodes.language is 'Language tag (BCP 47) that the feed claims for the episode';
comment on column episodes.page_url is 'Web page of the episode';
comment on column episodes.audio_url is 'Where the audio is offered';
comment on column episodes.duration is 'Length that the feed claims, seconds';
comment on column episodes.linked_by is 'How the episode is known: feed, url or file';
comment on column episodes.transcripts is 'Text transcripts that the publisher offers (podcast:transcript)';
comment on column episodes.persons is 'People whom the publisher names (podcast:person): candidates for speakers, no proof';
comment on column episodes.updated_at is 'When the newest document of the episode was staged, UTC';

create table renditions (
    rendition_id varchar,
    episode_id varchar,
    url varchar,
    media_type varchar,
    header_seconds double check (header_seconds >= 0),
    decoded_seconds double not null check (decoded_seconds >= 0),
    bad_packets bigint not null check (bad_packets >= 0),
    flags varchar[] not null,
    fetched_at timestamptz not null,
    primary key (rendition_id, episode_id)
);
comment on table renditions is 'One row per audio file of an episode; dynamic ads give an episode several.';
comment on column renditions.rendition_id is 'sha256 of the bytes of the audio file, hexadecimal';
comment on column renditions.episode_id is 'The episode (episodes.episode_id)';
comment on column renditions.url is 'Where the file came from';
comment on column renditions.media_type is 'Media type that the server or the container claims';
comment on column renditions.header_seconds is 'Length that the container claims, seconds';
comment on column renditions.decoded_seconds is 'Length that could be decoded, seconds';
comment on column renditions.bad_packets is 'Packets that could not be decoded and were skipped';
comment on column renditions.flags is 'What to know about the audio, such as short_audio (decoded < 98 % of the header)';
comment on column renditions.fetched_at is 'When the file was fetched, UTC';

create table transcripts (
    transcript_id varchar primary key,
    episode_id varchar not null,
    rendition_id varchar,
    source varchar not null check (source in ('asr', 'publisher', 'captions')),
    format varchar,
    origin varchar,
    language varchar,
    model varchar,
    method_version varchar not null,
    parse_coverage double check (parse_coverage between 0 and 1),
    is_best boolean not null default false,
    flags varchar[] not null,
    created_at timestamptz not null
);
comment on table transcripts is 'One row per transcript; those of one episode live side by side.';
comment on column transcripts.transcript_id is 'Key of the finished transcript';
comment on column transcripts.episode_id is 'The episode (episodes.episode_id)';
comment on column transcripts.rendition_id is 'The audio that it belongs to (renditions.rendition_id); NULL where unknown';
comment on column transcripts.source is 'Who made it: asr (recognised here), publisher or captions';
comment on column transcripts.format is 'Format of a published text, such as vtt or srt; NULL for asr';
comment on column transcripts.origin is 'Path or URL that a published text came from';
comment on column transcripts.language is 'Language tag (BCP 47) of the words';
comment on column transcripts.model is 'Model that recognised the words; NULL for published text';
comment on column transcripts.method_version is 'Version of the method that made it';
comment on column transcripts.parse_coverage is 'Share of the published text that was understood, 0 to 1; NULL for asr';
comment on column transcripts.is_best is 'The one of its episode to read: one with turns before one without; then publisher, asr, captions; then one with speakers before one without; then the newest created_at; then the smallest transcript_id';
comment on column transcripts.flags is 'What to know about the transcript';
comment on column transcripts.created_at is 'When it was made, UTC';

create table turns (
    transcript_id varchar,
    episode_id varchar not null,
    turn_index bigint check (turn_index >= 0),
    speaker_label varchar,
    speaker_id varchar,
    speaker_name varchar,
    name_source varchar,
    start_time double,
    end_time double,
    time_source varchar,
    text varchar not null,
    word_count bigint not null check (word_count >= 0),
    chapter_index bigint,
    boundary varchar not null,
    is_overlap boolean,
    speaker_margin double,
    mean_probability double,
    primary key (transcript_id, turn_index),
    check (0 <= start_time and start_time <= end_time and isfinite(end_time))
);
comment on table turns is 'Who said what, when: one row per maximal run of one known speaker, else per sentence, cue or paragraph.';
comment on column turns.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column turns.episode_id is 'The episode (episodes.episode_id)';
comment on column turns.turn_index is 'Place in the transcript, from 0, without gaps';
comment on column turns.speaker_label is 'Speaker as the diarization or the published text names it; NULL where unsure';
comment on column turns.speaker_id is 'Voice known across episodes; NULL where unknown';
comment on column turns.speaker_name is 'Name of a person; NULL where unknown';
comment on column turns.name_source is 'How speaker_name was found; NULL where there is none';
comment on column turns.start_time is 'Start, seconds from the start of the audio; NULL where unknown';
comment on column turns.end_time is 'End, seconds from the start of the audio; NULL where unknown';
comment on column turns.time_source is 'Who gave the times: asr or publisher; NULL where there are none';
comment on column turns.text is 'What was said';
comment on column turns.word_count is 'Words in the turn';
comment on column turns.chapter_index is 'Chapter that the turn starts in (chapters.chapter_index); NULL where unknown';
comment on column turns.boundary is 'What makes it one turn: speaker, sentence, cue or paragraph';
comment on column turns.is_overlap is 'Whether somebody else speaks meanwhile; NULL where unknown';
comment on column turns.speaker_margin is 'How far the speaker leads the second, 0 to 1; NULL where unknown';
comment on column turns.mean_probability is 'Mean probability of its words, 0 to 1; NULL where unknown';

create table words (
    transcript_id varchar,
    word_index bigint check (word_index >= 0),
    turn_index bigint,
    word varchar not null,
    start_time double,
    end_time double,
    time_source varchar,
    probability double,
    speaker_label varchar,
    speaker_margin double,
    primary key (transcript_id, word_index),
    check (0 <= start_time and start_time <= end_time and isfinite(end_time))
);
comment on table words is 'The words of the transcripts whose words are known one by one.';
comment on column words.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column words.word_index is 'Place in the transcript, from 0';
comment on column words.turn_index is 'The turn that the word is in (turns.turn_index)';
comment on column words.word is 'The word with its punctuation';
comment on column words.start_time is 'Start, seconds from the start of the audio; NULL where unknown';
comment on column words.end_time is 'End, seconds from the start of the audio; NULL where unknown';
comment on column words.time_source is 'Who gave the times: asr or publisher; NULL where there are none';
comment on column words.probability is 'How sure the recogniser is, 0 to 1; NULL for published text';
comment on column words.speaker_label is 'Speaker as the diarization or the published text names it; NULL where unsure';
comment on column words.speaker_margin is 'How far the speaker leads the second, 0 to 1; NULL where unknown';

create table speaker_segments (
    transcript_id varchar,
    segment_index bigint check (segment_index >= 0),
    speaker_label varchar not null,
    start_time double not null,
    end_time double not null,
    primary key (transcript_id, segment_index),
    check (0 <= start_time and start_time <= end_time and isfinite(end_time))
);
comment on table speaker_segments is 'Who spoke when, found in the sound alone; segments overlap where people do.';
comment on column speaker_segments.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column speaker_segments.segment_index is 'Place in the diarization, from 0';
comment on column speaker_segments.speaker_label is 'Speaker as the diarization names it';
comment on column speaker_segments.start_time is 'Start, seconds from the start of the audio';
comment on column speaker_segments.end_time is 'End, seconds from the start of the audio';

create table chapters (
    episode_id varchar not null,
    transcript_id varchar,
    chapter_index bigint not null check (chapter_index >= 0),
    title varchar,
    start_time double,
    end_time double,
    source varchar not null,
    check (0 <= start_time and start_time <= end_time and isfinite(end_time))
);
comment on table chapters is 'Chapters of an episode, from its feed, its file or one of its transcripts.';
comment on column chapters.episode_id is 'The episode (episodes.episode_id)';
comment on column chapters.transcript_id is 'The transcript that gave it; NULL where the feed or the file did';
comment on column chapters.chapter_index is 'Place in the episode, from 0';
comment on column chapters.title is 'Title of the chapter';
comment on column chapters.start_time is 'Start, seconds from the start of the audio; NULL where unknown';
comment on column chapters.end_time is 'End, seconds from the start of the audio; NULL where unknown';
comment on column chapters.source is 'What gave it';

create table sections (
    document_id varchar,
    episode_id varchar,
    section_index bigint check (section_index >= 0),
    heading varchar,
    text varchar not null,
    primary key (document_id, section_index)
);
comment on table sections is 'Sections of the pages that summarise an episode.';
comment on column sections.document_id is 'The page';
comment on column sections.episode_id is 'The episode (episodes.episode_id); NULL where unknown';
comment on column sections.section_index is 'Place in the page, from 0';
comment on column sections.heading is 'Heading of the section';
comment on column sections.text is 'Text of the section';

create table stage_runs (
    run_id varchar primary key,
    source varchar not null,
    episode_id varchar,
    stage varchar not null,
    key varchar,
    status varchar not null check (status in ('done', 'failed')),
    error_class varchar,
    message varchar,
    method varchar,
    model varchar,
    device varchar,
    parameters varchar,
    flags varchar[] not null,
    started_at timestamptz not null,
    seconds double not null check (seconds >= 0)
);
comment on table stage_runs is 'One row per finished or failed stage of an episode: what ran, where, for how long.';
comment on column stage_runs.run_id is 'A done run: hash of episode, stage and key; a failed one: its failure file';
comment on column stage_runs.source is 'What was asked for: a URL, a path or an id';
comment on column stage_runs.episode_id is 'The episode (episodes.episode_id); NULL where it failed before that was known';
comment on column stage_runs.stage is 'Name of the stage, such as fetch or transcribe';
comment on column stage_runs.key is 'Hash of inputs, parameters and method: names the result';
comment on column stage_runs.status is 'done or failed';
comment on column stage_runs.error_class is 'transient, source, content, hostile, resource or bug; NULL when done';
comment on column stage_runs.message is 'What went wrong and the way out, one line; NULL when done';
comment on column stage_runs.method is 'Method and its version';
comment on column stage_runs.model is 'Model that ran; NULL where there is none';
comment on column stage_runs.device is 'Where it ran, such as cuda or cpu';
comment on column stage_runs.parameters is 'Parameters, as JSON';
comment on column stage_runs.flags is 'Warnings of the run';
comment on column stage_runs.started_at is 'When it started, UTC';
comment on column stage_runs.seconds is 'How long it ran, seconds';

create table load_log (
    staged_key varchar primary key,
    transcript_id varchar not null,
    episode_id varchar not null,
    podcast_id varchar,
    rendition_id varchar,
    turns bigint not null,
    words bigint not null,
    text_md5 varchar,
    staged_at timestamptz not null,
    loaded_at timestamptz not null
);
comment on table load_log is 'One row per staged document that was loaded; the newest one of a transcript is what the tables show.';
comment on column load_log.staged_key is 'Key of the staged document';
comment on column load_log.transcript_id is 'The transcript that it brought (transcripts.transcript_id)';
comment on column load_log.episode_id is 'The episode that it described (episodes.episode_id)';
comment on column load_log.podcast_id is 'The show that it described (podcasts.podcast_id); NULL where it described none';
comment on column load_log.rendition_id is 'The audio that it described (renditions.rendition_id); NULL where it described none';
comment on column load_log.turns is 'Turns that it brought';
comment on column load_log.words is 'Words that it brought';
comment on column load_log.text_md5 is 'md5 of the texts of the turns in order, joined by line feeds; NULL without turns';
comment on column load_log.staged_at is 'When it was staged, UTC';
comment on column load_log.loaded_at is 'When it was loaded, UTC';
