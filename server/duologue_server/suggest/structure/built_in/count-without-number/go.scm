(short_var_declaration left: (expression_list . (identifier) @name .) right: (expression_list . [(interpreted_string_literal) (composite_literal type: (slice_type))] @given .)) @here
