((assignment left: (identifier) @name right: (identifier) @b !type) @here (#eq? @name @b))
