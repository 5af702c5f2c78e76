((assignment left: (attribute object: (identifier) @self attribute: (identifier) @name) right: (identifier) @value) @here (#eq? @self "self"))
