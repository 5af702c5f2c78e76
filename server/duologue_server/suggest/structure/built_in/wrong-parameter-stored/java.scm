(assignment_expression left: (field_access object: (this) field: (identifier) @name) right: (identifier) @value) @here
