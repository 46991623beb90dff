select id as event_id, kind from {{ source('github', 'github_events') }}
