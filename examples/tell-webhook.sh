#!/usr/bin/env bash
# Tell a webhook (Slack, Mattermost, your own) of every episode that was loaded or failed; the body is {"text": …}.
#
#   export PREFECT_API_URL=http://127.0.0.1:4200/api PREFECT_API_AUTH_STRING="$(cat $TURNTABLE_HOME/prefect/auth)"
#   examples/tell-webhook.sh https://hooks.example.org/services/…
set -euo pipefail
url=${1:?the address of the webhook}

# Prefect keeps the address, and what is sent to it, in a block of its own
block=$(python - "$url" <<'PYTHON'
import sys

from prefect.blocks.webhook import Webhook

# The server of a home network is a private address too: Prefect refuses those unless told otherwise.
webhook = Webhook(method="POST", url=sys.argv[1], allow_private_urls=True)
print(webhook.save("turntable", overwrite=True))
PYTHON
)

file=$(mktemp --suffix=.yaml)
trap 'rm -f "$file"' EXIT
cat > "$file" <<YAML
name: "turntable: tell the webhook"
trigger:
  type: event
  posture: Reactive
  match: {prefect.resource.id: "turntable.episode.*"}
  expect: [podcast.episode.loaded, podcast.episode.failed]
  for_each: [prefect.resource.id]
  threshold: 1
  within: 0
actions:
  - type: call-webhook
    block_document_id: $block
    payload: >-
      {"text": {{ (event.event ~ ": " ~ (event.payload.title or event.payload.url or event.payload.episode_id)
      ~ " " ~ (event.payload.message or "")) | tojson }}}
YAML
prefect automation create --from-file "$file"
