"""Serving the published folder over HTTP (RFC 9110, 9111): what is asked, what stands there, and the answer.

`negotiation`, `conditions` and `headers` are pure; `shelf` is the folder as it was published last; `app` answers,
`protocol` guards connections, `server` runs it all. Needs the extra [serve].
"""
