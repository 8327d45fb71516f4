/** Seconds between the rungs of the ladder that is cut off again and again. */
const RUNG_WAIT = '2s';

/** Who is told in the proof: a person by mail, and rooms by signed webhooks. */
export const POLICY = `
people:
  - id: ada
    name: Ada Example
    time_zone: Europe/Berlin
    contacts: [{ id: mail, kind: email, address: ada@example.com }]
    notify: { high: [mail], low: [mail] }
channels:
  - { id: room, kind: webhook, url_variable: PROOF_HOOK_URL, secret_variable: PROOF_HOOK_SECRET }
  - { id: hall, kind: webhook, url_variable: PROOF_HOOK_URL, secret_variable: PROOF_HOOK_SECRET }
policies:
  - id: windows
    matchers: ['alertname="WindowFailed"']
    urgency: high
    steps: [{ notify: [{ person: ada }, { channel: room }], wait: 30m }]
    hold: 3s
  - id: ladder
    matchers: ['alertname=~"ladder-.*"']
    urgency: high
    steps:
      - { notify: [{ channel: room }], wait: ${RUNG_WAIT} }
      - { notify: [{ channel: hall }], wait: ${RUNG_WAIT} }
    repeat: 1
    hold: 1s
    last_resort: hall
  - id: others
    urgency: low
    steps: [{ notify: [{ channel: room }], wait: 30m }]
    hold: 3s
throttle: { messages: 1000, per: 1m }
`;

/** What a ladder of that policy tells from its beginning to its end, without the identity of the incident before it. */
export const LADDER_KEYS = ['1/1/1/channel:room', '1/1/2/channel:hall', '1/2/1/channel:room', '1/2/2/channel:hall'];
