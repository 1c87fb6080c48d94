// ruled.mjs: where our compiler is meant to differ from the original's, program by program and rule by rule.
// docs/aqua.md says the same in words; a difference that no line here covers is a fault.

/** By program: who accepts, whether behaviour is compared, and why. */
export const PROGRAMS = {
  'r_float.aqua': { ours: true, theirs: false, why: 'a fraction may begin with 0 (spec 12, defect 7)' },
  'r_no_blank_line.aqua': { ours: true, theirs: false, why: 'no blank line is needed between declarations (defect 8)' },
  'r_continuation.aqua': { ours: true, theirs: false, why: 'lines go on around operators and after commas; the original promises that in fewer places than it says' },
  'r_callback_results.aqua': { ours: false, theirs: true, why: 'the original reads a second result of a callback that nothing ever sets' },
  'r_empty_then.aqua': { ours: true, theirs: true, behaviour: false, why: 'an else of an empty branch ran when the condition held (defect 1)' },
  'r_map_push_get.aqua': { ours: true, theirs: false, response: [['a', 'a', 'b'], [1, 3], [2], false, true], why: 'stream maps are younger than 0.14.6' },
  'r_map_loop.aqua': { ours: true, theirs: false, response: [['a', 'b'], ['a', 'b'], [1, 2]], why: 'the same' },
  'r_map_streams.aqua': { ours: true, theirs: false, response: [['a', 'a', 'b'], [1, 3]], why: 'the same' },
  'r_map_streams_remote.aqua': { ours: true, theirs: false, response: [3, [3]], why: 'the same' },
  'r_map_pushed_results.aqua': { ours: true, theirs: false, response: [['key', 'more'], [7]], why: 'the same' },
  'r_map_in_par.aqua': { ours: true, theirs: false, response: [1, ['bob']], why: 'the same' },
  'r_map_closure.aqua': { ours: true, theirs: false, response: [[1, 2]], why: 'the same' },
  'r_export_qualified_as.aqua': { ours: true, theirs: false, response: [2], why: 'names of used modules are exported since 0.14.11' },
  'r_redeclared_import.aqua': { ours: true, theirs: false, response: [101], why: 'what is imported may be declared again since 0.14.7' },
  'r_redeclared_import_service.aqua': { ours: true, theirs: false, response: [1], why: 'the same' },
  'r_redeclared_import_ability.aqua': { ours: true, theirs: false, response: [3], why: 'the same' },
  'r_module_lower.aqua': { ours: true, theirs: false, why: 'a module may begin with a small letter: 0.14.12 reads any name there' },
  'r_module_lower_part.aqua': { ours: true, theirs: false, why: 'the same of a part of its name' },
  'r_use_as_lower.aqua': { ours: true, theirs: false, why: 'the same after `as`' },
  'r_use_dotted_types.aqua': { ours: true, theirs: false, why: '`as` takes a dotted name in 0.14.12' },
  'r_module_keyword.aqua': { ours: true, theirs: false, why: 'old libraries say `module`: a warning' },
  'r_header_lists_break.aqua': { ours: true, theirs: false, why: 'lists of names in the header go on after a comma' },
  'r_call_nothing_as_value.aqua': { ours: false, theirs: true, why: 'a call that gives nothing gives no value to name' },
  'r_else_twice.aqua': { ours: false, theirs: true, why: 'a second else never runs' },
  'r_last_error_fields.aqua': { ours: true, theirs: true, behaviour: false, response: ['', 0], why: 'the same of LAST_ERROR' },
  'r_stream_to_collection.aqua': { ours: true, theirs: true, behaviour: false, response: [2, [1, 2]], why: 'a parameter that was given a stream and is returned: the original names a variable that nothing sets (defect 3)' },
  'r_ability_path.aqua': { ours: true, theirs: true, behaviour: false, response: [1, 2, { x: 2 }], why: 'a field of an ability that was given as a path (ds[0]): the original forgets the index (defect 12)' },
  'r_stream_literal_twice.aqua': { ours: true, theirs: true, behaviour: false, response: [[1, 2], [1, 2]], why: 'a stream literal in a function that is called twice is one stream in the original (defect 17)' },
  'r_index_negative.aqua': { ours: true, theirs: true, behaviour: false, response: [1], why: 'an index that comes to less than 0: the original emits AIR that does not parse (defect 18)' },
  'r_index_large.aqua': { ours: true, theirs: true, behaviour: false, response: [1], why: 'the same above 32 bits' },
  'r_via_computed.aqua': { ours: true, theirs: true, behaviour: false, response: ['bob'], why: 'peer and relays of an `on` that are computed: the original goes through the relays before it knows them (defect 13)' },
  'r_via_computed_nested.aqua': { ours: true, theirs: true, behaviour: false, response: ['bob'], why: 'the same inside of another `on`' },
  'r_error_alias.aqua': { ours: true, theirs: true, behaviour: false, why: 'the original emits AIR that does not parse (defect 2)' },
};

/** By rule, for programs that nobody wrote: `ours` or `theirs` is matched against the messages of the one that refuses. */
export const RULES = [
  { refuses: 'theirs', messages: /Internal aqua compiler error/, unmeasured: true, why: 'the original ends in an error of its own' },
  { refuses: 'theirs', messages: /./, source: /^\s*aqua +(\w+\.)*[a-z]/m, why: 'a module may begin with a small letter: 0.14.12 reads any name there' },
  { refuses: 'theirs', messages: /`module` is deprecated/, why: 'old libraries say `module`: a warning' },
  { refuses: 'theirs', messages: /./, source: /\[\] +[\w?*\[]/, why: 'blanks after [] of a type' },
  { refuses: 'theirs', messages: /Syntax error/, source: /\n[ \t]+([%*/+<>]|\*\*|&&|\|\||==|!=|<=|>=|-(?!-)) *\S|([%*/+<>]|\*\*|&&|\|\||==|!=|<=|>=) *\n/, why: 'operators may stand at the end and the beginning of a line' },
  { refuses: 'ours', messages: /already defined in the scope/, source: /\((?:[^()\n]*, *)?(\w+): [^,()\n]*,(?:[^()\n]*, *)?\1:/, why: 'a signature that names two parameters alike: the original keeps one of them' },
  { refuses: 'ours', messages: /expected a type, found `->`/, source: /-> *->/, why: 'an arrow without parameters as a result stands in parentheses' },
  { refuses: 'ours', messages: /Unexpected `else` without `if`/, source: /else:[^]*else:/, why: 'a second else never runs' },
  { refuses: 'ours', messages: /returns nothing, so it gives no value/, why: 'a call that gives nothing gives no value to name' },
];

/** The rule that covers a difference in acceptance, or undefined. */
export function ruledFor(source, ours, theirs) {
  const refuses = ours.accepted ? 'theirs' : 'ours';
  const messages = (ours.accepted ? theirs.errors : ours.errors.map((e) => e.text)).join('\n');
  return RULES.find((r) => r.refuses === refuses && r.messages.test(messages) && (!r.source || r.source.test(source)));
}
