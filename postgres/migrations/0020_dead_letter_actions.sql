-- What somebody did about dead letters: tried them again or gave them up, who, when, why, and what became of it.
CREATE TABLE IF NOT EXISTS dead_letter_actions (
  action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  action text NOT NULL CHECK (action IN ('replay', 'discard')),
  done_by text NOT NULL,
  note text NOT NULL,
  -- Which letters were meant, as it was asked.
  filter jsonb NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now(),
  -- NULL while it goes on, and for ever when it was killed.
  ended_at timestamptz,
  letters integer NOT NULL DEFAULT 0,
  -- Letters that failed again.
  came_back integer NOT NULL DEFAULT 0,
  -- Letters that could not be put back on Kafka.
  failed integer NOT NULL DEFAULT 0
);
