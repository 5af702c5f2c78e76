(element (start_tag (tag_name) @name)) @element
(element (self_closing_tag (tag_name) @name)) @element
(script_element (start_tag (tag_name) @name)) @element
(style_element (start_tag (tag_name) @name)) @element
