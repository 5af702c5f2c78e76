(assignment_expression left: (member_expression object: (this) property: (property_identifier) @name) right: (identifier) @value) @here
