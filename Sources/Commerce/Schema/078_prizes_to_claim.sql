-- Whoever won finds it again.
CREATE INDEX giveaway_winner_of ON giveaway_winner (entrant) WHERE state = 'waiting';
