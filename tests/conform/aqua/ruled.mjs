// ruled.mjs: where our compiler is meant to differ from the original's, program by program and rule by rule.
// docs/aqua.md says the same in words; a difference that no line here covers is a fault.

/** By program: who accepts, whether behaviour is compared, and why. */
export const PROGRAMS = {
  'r_float.aqua': { ours: true, theirs: false, why: 'a fraction may begin with 0 (spec 12, defect 7)' },
  'r_no_blank_line.aqua': { ours: true, theirs: false, why: 'no blank line is needed between declarations (defect 8)' },
  'r_continuation.aqua': { ours: true, theirs: false, why: 'lines go on around operators and after commas; the original promises that in fewer places than it says' },
  'r_callback_results.aqua': { ours: false, theirs: true, why: 'the original reads a second result of a callback that nothing ever sets' },
  'r_empty_then.aqua': { ours: true, theirs: true, behaviour: false, why: 'an else of an empty branch ran when the condition held (defect 1)' },
  'r_error_alias.aqua': { ours: true, theirs: true, behaviour: false, why: 'the original emits AIR that does not parse (defect 2)' },
};

/** By rule, for programs that nobody wrote: `ours` or `theirs` is matched against the messages of the one that refuses. */
export const RULES = [
];

/** The rule that covers a difference in acceptance, or undefined. */
export function ruledFor(source, ours, theirs) {
  const refuses = ours.accepted ? 'theirs' : 'ours';
  const messages = (ours.accepted ? theirs.errors : ours.errors.map((e) => e.text)).join('\n');
  return RULES.find((r) => r.refuses === refuses && r.messages.test(messages) && (!r.source || r.source.test(source)));
}
