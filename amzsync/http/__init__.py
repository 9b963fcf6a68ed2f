"""What both clients share: one request loop, its retry and pacing rules, paging and transfers."""
