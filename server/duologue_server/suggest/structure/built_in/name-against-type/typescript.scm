(required_parameter pattern: (identifier) @name type: (type_annotation) @type) @here
(optional_parameter pattern: (identifier) @name type: (type_annotation) @type) @here
