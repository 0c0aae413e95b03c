-- What happened in a show beside what was said: asked for at every pin, and lost among a hundred thousand messages.
CREATE INDEX timeline_event_moment ON timeline_event (show_id, media_time_ms, sequence)
  WHERE sequence > 0 AND kind <> 'message' AND kind <> 'message_removed';
