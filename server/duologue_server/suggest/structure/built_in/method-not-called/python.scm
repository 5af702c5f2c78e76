((if_statement condition: [(attribute object: (identifier) @self attribute: (identifier) @name) (not_operator argument: (attribute object: (identifier) @self attribute: (identifier) @name))] @here) (#eq? @self "self"))
((boolean_operator left: (attribute object: (identifier) @self attribute: (identifier) @name) @here) (#eq? @self "self"))
((while_statement condition: [(attribute object: (identifier) @self attribute: (identifier) @name) (not_operator argument: (attribute object: (identifier) @self attribute: (identifier) @name))] @here) (#eq? @self "self"))
