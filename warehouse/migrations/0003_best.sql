-- A published text without turns, such as a summary, is nothing to read as a transcript.
update transcripts set is_best = false
where is_best and source <> 'asr' and transcript_id not in (select transcript_id from turns);
comment on column transcripts.is_best is 'The one of its episode to read: one with turns before silence; then publisher, asr, captions; then one with speakers before one without; then the newest created_at; then the smallest transcript_id. Never a published text without turns';
