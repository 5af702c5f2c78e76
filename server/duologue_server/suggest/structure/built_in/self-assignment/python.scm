((assignment left: (_) @name right: (_) @b !type) @here (#eq? @name @b))
