/* codes.c: every finding that the compiler can make: its code, its name, what it means, and a program with and without it.
 * Codes are never given a second meaning. Spec: docs/spec/aqua.md §9. Tests: codes_test.c compiles all examples. */
#include "aqua/internal.h"

const char aqua_example_lib[] = "aqua Lib declares open, open2, Thing\n"
                                "data Thing:\n"
                                "  n: u8\n"
                                "func open() -> u8:\n"
                                "  <- 1\n"
                                "func open2() -> u8:\n"
                                "  <- 2\n"
                                "func hidden() -> u8:\n"
                                "  <- 3\n";

/* clang-format off */
const aqua_code aqua__codes[DIAG_CODES] = {
    [D_BAD_CHARACTER] = {
        AQUA_SYNTAX_ERROR, "A0101", "bad-character", "a character that Aqua does not know",
          "Outside of strings and comments Aqua is written in letters, digits, blanks and a few signs. Strings "
          "stand between double quotes; comments begin with two minus signs.",
          "aqua M\n"
          "const NAME = 'Ada'\n",
          "aqua M\n"
          "const NAME = \"Ada\"\n" },
    [D_OPEN_STRING] = {
        AQUA_SYNTAX_ERROR, "A0102", "open-string", "a string that is never closed",
          "A string begins and ends with a double quote. It may go over several lines, there are no escapes, "
          "and a double quote cannot stand inside of one.",
          "aqua M\n"
          "const NAME = \"Ada\n",
          "aqua M\n"
          "const NAME = \"Ada\"\n" },
    [D_BAD_NUMBER] = {
        AQUA_SYNTAX_ERROR, "A0103", "bad-number", "neither a number nor a name",
          "Numbers are decimal and have no superfluous 0 in front; names begin with a letter and go on with "
          "letters, digits and `_`.",
          "aqua M\n"
          "const COUNT = 007\n",
          "aqua M\n"
          "const COUNT = 7\n" },
    [D_LARGE_NUMBER] = {
        AQUA_SYNTAX_ERROR, "A0104", "large-number", "a number that AIR cannot carry",
          "Integers have at most 64 signed bits, numbers with a fraction at most 11 characters: that is what a "
          "script can hold. Give larger ones as an argument.",
          "aqua M\n"
          "const BIG = 99999999999999999999\n",
          "aqua M\n"
          "const BIG = 9223372036854775807\n" },
    [D_NOT_UTF8] = {
        AQUA_SYNTAX_ERROR, "A0105", "not-utf8", "the file is not UTF-8 text",
          "Aqua sources are UTF-8. Save the file in that encoding.",
          "",
          "" },
    [D_UNEXPECTED] = {
        AQUA_SYNTAX_ERROR, "A0110", "unexpected", "something else is expected here",
          "The text fits no form of the language at this place. The message says what could stand here and what "
          "was found.",
          "aqua M\n"
          "func f(x u8) -> u8:\n"
          "  <- x\n",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  <- x\n" },
    [D_UNCLOSED] = {
        AQUA_SYNTAX_ERROR, "A0111", "unclosed", "a bracket that is never closed",
          "Every `(`, `[` and `{` needs its partner. Inside brackets a line may go on below; the next "
          "declaration ends it.",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  <- (x + 1\n",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  <- (x + 1)\n" },
    [D_TRAILING_COMMA] = {
        AQUA_SYNTAX_ERROR, "A0112", "trailing-comma", "a comma with nothing behind it",
          "Lists end with their last element: no comma stands before the closing bracket.",
          "aqua M\n"
          "func f() -> []u8:\n"
          "  <- [1, 2,]\n",
          "aqua M\n"
          "func f() -> []u8:\n"
          "  <- [1, 2]\n" },
    [D_CHAIN] = {
        AQUA_SYNTAX_ERROR, "A0113", "chained-comparison", "comparisons do not chain",
          "`a < b < c` would compare a boolean with c. Write both comparisons and join them with `&&`.",
          "aqua M\n"
          "func f(a: u8, b: u8, c: u8) -> bool:\n"
          "  <- a < b < c\n",
          "aqua M\n"
          "func f(a: u8, b: u8, c: u8) -> bool:\n"
          "  <- a < b && b < c\n" },
    [D_BANG_EQUAL] = {
        AQUA_SYNTAX_ERROR, "A0114", "bang-equal", "`!=` needs a space before it",
          "`a!` is the first element of `a`, so `a!= b` would be that element, followed by `= b`.",
          "aqua M\n"
          "func f(a: u8) -> bool:\n"
          "  <- a!= 1\n",
          "aqua M\n"
          "func f(a: u8) -> bool:\n"
          "  <- a != 1\n" },
    [D_RETURN_SPACE] = {
        AQUA_SYNTAX_ERROR, "A0115", "return-space", "`<-` needs a space behind it",
          "A return is `<- value`. Without the space `<-1` would read as a comparison with -1.",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <-1\n",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- 1\n" },
    [D_EMPTY_COLLECTION] = {
        AQUA_SYNTAX_ERROR, "A0116", "empty-collection", "an empty collection has no type of its own",
          "A variable needs a type, and `[]` says nothing about its elements. Use the empty collection directly "
          "where one is expected, or `nil`.",
          "aqua M\n"
          "func f() -> []u8:\n"
          "  x = []\n"
          "  <- x\n",
          "aqua M\n"
          "func f() -> []u8:\n"
          "  <- []\n" },
    [D_JOIN_OPERATOR] = {
        AQUA_SYNTAX_ERROR, "A0117", "join-operator", "join waits for values, not for operators",
          "Name the values that must have arrived; compute with them in the next line.",
          "aqua M\n"
          "func f(a: *u8):\n"
          "  join a[0] + 1\n",
          "aqua M\n"
          "func f(a: *u8):\n"
          "  join a[0]\n" },
    [D_NEGATIVE_INDEX] = {
        AQUA_SYNTAX_ERROR, "A0118", "negative-index", "indexes count from 0",
          "There is no counting from the end: use `.length` and subtract.",
          "aqua M\n"
          "func f(a: []u8) -> u8:\n"
          "  <- a[-1]\n",
          "aqua M\n"
          "func f(a: []u8) -> u8:\n"
          "  <- a[a.length - 1]\n" },
    [D_MISSING_COLON] = {
        AQUA_SYNTAX_ERROR, "A0119", "missing-colon", "a block begins with a colon",
          "`func`, `service`, `data`, `if`, `else`, `for`, `on`, `try` and the like end in `:`, and what "
          "belongs to them is indented below.",
          "aqua M\n"
          "func f() -> u8\n"
          "  <- 1\n",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- 1\n" },
    [D_MIXED_INDENT] = {
        AQUA_SYNTAX_ERROR, "A0120", "mixed-indent", "lines of one block are indented alike",
          "The first line of a block sets its indentation; blanks and tabs are told apart.",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "    b: u8\n",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "  b: u8\n" },
    [D_UNEXPECTED_INDENT] = {
        AQUA_SYNTAX_ERROR, "A0121", "unexpected-indent", "an indentation that belongs to no block",
          "The line is indented differently from every block that is open here: it mixes tabs and blanks, or "
          "nothing stands above that it could belong to.",
          "aqua M\n"
          "  const A = 1\n",
          "aqua M\n"
          "const A = 1\n" },
    [D_NO_BODY] = {
        AQUA_SYNTAX_ERROR, "A0122", "no-body", "a block without anything in it",
          "What belongs to a block stands below its colon, indented further.",
          "aqua M\n"
          "func f(x: bool) -> u8:\n"
          "  if x:\n"
          "  <- 1\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  g()\n"
          "func f(x: bool) -> u8:\n"
          "  if x:\n"
          "    Op.g()\n"
          "  <- 1\n" },
    [D_WRONG_LEVEL] = {
        AQUA_SYNTAX_ERROR, "A0123", "wrong-level", "nothing can stand below this line",
          "A constant or an alias is one line. What follows must begin in column 1.",
          "aqua M\n"
          "const A = 1\n"
          "  const B = 2\n",
          "aqua M\n"
          "const A = 1\n"
          "const B = 2\n" },
    [D_RETURN_IN_BLOCK] = {
        AQUA_SYNTAX_ERROR, "A0124", "return-in-block", "a return inside a block",
          "`<- value` stands directly in the body of a function, as its last line: all branches end there. "
          "Collect the value in a stream, and return its first element.",
          "aqua M\n"
          "func f(x: bool) -> u8:\n"
          "  if x:\n"
          "    <- 1\n"
          "  <- 2\n",
          "aqua M\n"
          "func f(x: bool) -> u8:\n"
          "  result: *u8\n"
          "  if x:\n"
          "    result <<- 1\n"
          "  else:\n"
          "    result <<- 2\n"
          "  <- result!\n" },
    [D_NOT_A_DECLARATION] = {
        AQUA_SYNTAX_ERROR, "A0125", "not-a-declaration", "a line that declares nothing",
          "At the left margin stand `aqua`, `import`, `use` and `export`, and below them `func`, `service`, "
          "`data`, `ability`, `alias` and `const`.",
          "aqua M\n"
          "function f() -> u8:\n"
          "  <- 1\n",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- 1\n" },
    [D_NOT_A_CALL] = {
        AQUA_SEMANTIC_ERROR, "A0126", "not-a-call", "a call is expected",
          "`x <- f()` takes the result of a call; `x = value` gives a value a name. A statement that is only a "
          "value does nothing.",
          "aqua M\n"
          "func f() -> u8:\n"
          "  x <- 5\n"
          "  <- x\n",
          "aqua M\n"
          "func f() -> u8:\n"
          "  x = 5\n"
          "  <- x\n" },
    [D_CONST_CASE] = {
        AQUA_SYNTAX_ERROR, "A0127", "const-case", "constants are written in capitals",
          "That tells them from variables.",
          "aqua M\n"
          "const limit = 5\n",
          "aqua M\n"
          "const LIMIT = 5\n" },
    [D_CONST_VALUE] = {
        AQUA_SYNTAX_ERROR, "A0128", "const-value", "a constant is a literal",
          "Constants are put into the script as they stand, so they are a string, a number, a boolean or "
          "another constant. Compute in a function.",
          "aqua M\n"
          "const A = 1 + 2\n",
          "aqua M\n"
          "const A = 3\n" },
    [D_HEADER_BELOW] = {
        AQUA_SYNTAX_ERROR, "A0129", "header-below", "header lines stand on top",
          "`import`, `use` and `export` come before the first declaration.",
          "aqua M\n"
          "const A = 1\n"
          "import \"lib.aqua\"\n"
          "func f() -> u8:\n"
          "  x <- open()\n"
          "  <- x\n",
          "aqua M\n"
          "import \"lib.aqua\"\n"
          "const A = 1\n"
          "func f() -> u8:\n"
          "  x <- open()\n"
          "  <- x\n" },
    [D_TOO_DEEP] = {
        AQUA_SYNTAX_ERROR, "A0130", "too-deep", "nested too deeply",
          "Blocks, values and types may be nested 256 levels deep. Give the inner part a name of its own.",
          "",
          "" },
    [D_TOO_MANY] = {
        AQUA_SYNTAX_ERROR, "A0131", "too-many", "too many names in one place",
          "Parameters, fields, arguments by name and targets are limited to 2000.",
          "",
          "" },
    [D_NOT_A_TYPE] = {
        AQUA_SYNTAX_ERROR, "A0132", "not-a-type", "no type of this name",
          "The plain types are u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 bool string; all others begin with a "
          "capital letter. `[]T` is an array, `?T` an option, `*T` a stream, `%T` a stream map.",
          "aqua M\n"
          "func f(x: int) -> u8:\n"
          "  <- 1\n",
          "aqua M\n"
          "func f(x: i64) -> u8:\n"
          "  <- 1\n" },
    [D_NAME_CASE] = {
        AQUA_SYNTAX_ERROR, "A0133", "name-case", "the first letter tells what a name is",
          "Functions, variables, fields and arguments begin with a small letter; types, services and abilities "
          "with a capital one.",
          "aqua M\n"
          "func Open() -> u8:\n"
          "  <- 1\n",
          "aqua M\n"
          "func open() -> u8:\n"
          "  <- 1\n" },
    [D_NO_MODULE] = {
        AQUA_HEADER_ERROR, "A0201", "no-module", "the module header is missing",
          "The first line of a file names it as a module and says what others may import from it.",
          "const A = 1\n",
          "aqua M declares *\n"
          "const A = 1\n" },
    [D_SECOND_MODULE] = {
        AQUA_HEADER_ERROR, "A0202", "second-module", "one module header, on top",
          "A file is one module: its `aqua` line comes first and only once.",
          "aqua M\n"
          "aqua N\n",
          "aqua M\n" },
    [D_OLD_MODULE] = {
        AQUA_WARN, "A0203", "old-module", "`module` is the old word for `aqua`",
          "Older versions of the language began a file with `module`. The original compiler refuses it by now.",
          "module M\n",
          "aqua M\n" },
    [D_DECLARE_UNKNOWN] = {
        AQUA_HEADER_ERROR, "A0204", "declare-unknown", "declared, but not there",
          "What stands behind `declares` must be defined in the file, or imported by it.",
          "aqua M declares f, g\n"
          "func f() -> u8:\n"
          "  <- 1\n",
          "aqua M declares f\n"
          "func f() -> u8:\n"
          "  <- 1\n" },
    [D_IMPORT_UNKNOWN] = {
        AQUA_HEADER_ERROR, "A0205", "import-unknown", "the imported file does not declare this",
          "Only what a file declares in its header (`aqua Lib declares open`) can be imported from it.",
          "aqua M\n"
          "import hidden from \"lib.aqua\"\n",
          "aqua M\n"
          "import open from \"lib.aqua\"\n"
          "func f() -> u8:\n"
          "  x <- open()\n"
          "  <- x\n" },
    [D_EXPORT_UNKNOWN] = {
        AQUA_HEADER_ERROR, "A0206", "export-unknown", "exported, but not there",
          "`export` names functions and services of the file or of its imports.",
          "aqua M\n"
          "export g\n"
          "func f() -> u8:\n"
          "  <- 1\n",
          "aqua M\n"
          "export f\n"
          "func f() -> u8:\n"
          "  <- 1\n" },
    [D_EXPORT_PATH] = {
        AQUA_HEADER_ERROR, "A0207", "export-path", "an export has a simple name",
          "What comes from a module under its name (`Lib.open`) is exported `as` a name without dots.",
          "aqua M\n"
          "use \"lib.aqua\"\n"
          "export Lib.open\n",
          "aqua M\n"
          "use \"lib.aqua\"\n"
          "export Lib.open as open\n" },
    [D_EXPORT_KIND] = {
        AQUA_HEADER_ERROR, "A0208", "export-kind", "this cannot be given to clients",
          "An exported function is called from outside: it takes data and callbacks and gives data. Abilities, "
          "stream maps and arrows as results exist inside the compiler only.",
          "aqua M\n"
          "export A\n"
          "ability A:\n"
          "  n: u8\n",
          "aqua M\n"
          "export f\n"
          "ability A:\n"
          "  n: u8\n"
          "func f(n: u8) -> u8:\n"
          "  a = A(n = n)\n"
          "  <- a.n\n" },
    [D_IMPORT_MISSING] = {
        AQUA_IMPORT_ERROR, "A0209", "import-missing", "the imported file was not found",
          "It is looked for beside the importing file, then in the import folders. The message lists the "
          "places.",
          "aqua M\n"
          "import \"none.aqua\"\n",
          "aqua M\n"
          "import \"lib.aqua\"\n"
          "func f() -> u8:\n"
          "  x <- open()\n"
          "  <- x\n" },
    [D_IMPORT_CYCLE] = {
        AQUA_IMPORT_ERROR, "A0210", "import-cycle", "files that import each other",
          "A file is checked after those it imports, so imports may not go round in circles. Move what both "
          "need into a third file.",
          "aqua M\n"
          "import \"main.aqua\"\n",
          "aqua M\n"
          "import \"lib.aqua\"\n"
          "func f() -> u8:\n"
          "  x <- open()\n"
          "  <- x\n" },
    [D_BAD_OPTION] = {
        AQUA_SEMANTIC_ERROR, "A0211", "bad-option", "an option that cannot be read",
          "Constants are given as `NAME = literal` or `NAME ?= literal`; warnings that are not wanted are given "
          "by their name or code.",
          "",
          "" },
    [D_IMPORT_CLASH] = {
        AQUA_WARN, "A0212", "import-clash", "two imports give the same name",
          "The later one silently takes the place of the earlier one. Rename one (`import f as g from …`) or "
          "put one under a module's name (`use`).",
          "aqua M\n"
          "import open from \"lib.aqua\"\n"
          "import Thing as Other, open2 as open from \"lib.aqua\"\n"
          "func f(o: Other) -> u8:\n"
          "  x <- open()\n"
          "  <- x\n",
          "aqua M\n"
          "import open from \"lib.aqua\"\n"
          "import Thing as Other, open2 from \"lib.aqua\"\n"
          "func f(o: Other) -> u8, u8:\n"
          "  x <- open()\n"
          "  y <- open2()\n"
          "  <- x, y\n" },
    [D_UNUSED_IMPORT] = {
        AQUA_WARN, "A0213", "unused-import", "imported and not used",
          "Nothing here uses it, and it is neither declared nor exported.",
          "aqua M\n"
          "import open from \"lib.aqua\"\n",
          "aqua M\n"
          "import open from \"lib.aqua\"\n"
          "func f() -> u8:\n"
          "  x <- open()\n"
          "  <- x\n" },
    [D_HEADERLESS] = {
        AQUA_WARN, "A0214", "headerless-library", "a library without a module header",
          "Files of older libraries (below `node_modules`) may lack the header that names them and says what "
          "they declare. They are taken as declaring everything; the original compiler refuses them by now. In "
          "files of your own the header is required.",
          "",
          "" },
    [D_UNKNOWN_NAME] = {
        AQUA_SEMANTIC_ERROR, "A0301", "unknown-name", "a name that means nothing here",
          "Names are known from the line below their definition to the end of the block they stand in. `on`, "
          "`par` and `co` are no such blocks: what is defined there is known afterwards.",
          "aqua M\n"
          "func f(count: u8) -> u8:\n"
          "  <- cuont\n",
          "aqua M\n"
          "func f(count: u8) -> u8:\n"
          "  <- count\n" },
    [D_UNKNOWN_FUNCTION] = {
        AQUA_SEMANTIC_ERROR, "A0302", "unknown-function", "a function that is not known here",
          "Functions are known below their definition; there is no recursion. Those of services are called as "
          "`Service.function()`.",
          "aqua M\n"
          "func twice(x: u8) -> u8:\n"
          "  <- x * 2\n"
          "func f() -> u8:\n"
          "  y <- twise(4)\n"
          "  <- y\n",
          "aqua M\n"
          "func twice(x: u8) -> u8:\n"
          "  <- x * 2\n"
          "func f() -> u8:\n"
          "  y <- twice(4)\n"
          "  <- y\n" },
    [D_UNKNOWN_TYPE] = {
        AQUA_SEMANTIC_ERROR, "A0303", "unknown-type", "a type that is not known here",
          "Types are known below their definition, and under the module's name when they come by `use`.",
          "aqua M\n"
          "data Point:\n"
          "  x: i32\n"
          "func f(p: Pint) -> i32:\n"
          "  <- 1\n",
          "aqua M\n"
          "data Point:\n"
          "  x: i32\n"
          "func f(p: Point) -> i32:\n"
          "  <- 1\n" },
    [D_NAME_TAKEN] = {
        AQUA_SEMANTIC_ERROR, "A0304", "name-taken", "no name hides another",
          "A name may be used again only where its first meaning is no longer known. Constants and functions of "
          "the file, its imports and the predefined names (`nil`, `HOST_PEER_ID`, ...) are known everywhere.",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  x = 3\n"
          "  <- x\n",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  y = 3\n"
          "  <- x + y\n" },
    [D_ARROW_TAKEN] = {
        AQUA_SEMANTIC_ERROR, "A0305", "arrow-taken", "a second function of this name",
          "Functions and closures are known by their names alone: neither the number nor the types of arguments "
          "tell them apart.",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- 1\n"
          "func f() -> u8:\n"
          "  <- 2\n",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- 1\n"
          "func g() -> u8:\n"
          "  <- 2\n" },
    [D_TYPE_TAKEN] = {
        AQUA_SEMANTIC_ERROR, "A0306", "type-taken", "a second type of this name",
          "Data, abilities, services and aliases share one space of names.",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "alias D: u8\n",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "alias E: u8\n" },
    [D_UNKNOWN_ABILITY] = {
        AQUA_SEMANTIC_ERROR, "A0307", "unknown-ability", "neither a service, an ability nor a module",
          "What stands before the dot of a call is a service, an ability that the function takes in braces, or "
          "a module that came by `use`.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  g()\n"
          "func f():\n"
          "  Opp.g()\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  g()\n"
          "func f():\n"
          "  Op.g()\n" },
    [D_UNKNOWN_IN_MODULE] = {
        AQUA_SEMANTIC_ERROR, "A0308", "unknown-in-module", "the module does not have this",
          "A module shows what its file declares.",
          "aqua M\n"
          "use \"lib.aqua\"\n"
          "func f() -> u8:\n"
          "  x <- Lib.opn()\n"
          "  <- x\n",
          "aqua M\n"
          "use \"lib.aqua\"\n"
          "func f() -> u8:\n"
          "  x <- Lib.open()\n"
          "  <- x\n" },
    [D_NO_SUCH_FUNCTION] = {
        AQUA_SEMANTIC_ERROR, "A0309", "no-such-function", "the service or ability has no such function",
          "The message lists those it has.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f():\n"
          "  Op.gett()\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f():\n"
          "  Op.get()\n" },
    [D_NO_SUCH_FIELD] = {
        AQUA_SEMANTIC_ERROR, "A0310", "no-such-field", "the type has no such field",
          "Data and abilities have the fields that they are declared with; collections have `.length`; other "
          "values have none.",
          "aqua M\n"
          "data Point:\n"
          "  x: i32\n"
          "func f(p: Point) -> i32:\n"
          "  <- p.y\n",
          "aqua M\n"
          "data Point:\n"
          "  x: i32\n"
          "func f(p: Point) -> i32:\n"
          "  <- p.x\n" },
    [D_NO_SERVICE_ID] = {
        AQUA_SEMANTIC_ERROR, "A0311", "no-service-id", "which instance of the service is meant?",
          "A service that is declared without an id needs one before it is called: `Name \"id\"`. That holds to "
          "the end of the block.",
          "aqua M\n"
          "service Op:\n"
          "  get()\n"
          "func f():\n"
          "  Op.get()\n",
          "aqua M\n"
          "service Op:\n"
          "  get()\n"
          "func f():\n"
          "  Op \"op\"\n"
          "  Op.get()\n" },
    [D_FIELD_TAKEN] = {
        AQUA_SEMANTIC_ERROR, "A0312", "field-taken", "a second field of this name",
          "The fields and functions of a type have names of their own.",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "  a: string\n",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "  b: string\n" },
    [D_CONST_REDEFINED] = {
        AQUA_WARN, "A0313", "const-redefined", "the second definition of a constant has no effect",
          "The first definition stays. `const NAME ?= value` says that this is meant: it defines the constant "
          "only when nobody else has.",
          "aqua M\n"
          "const A = 1\n"
          "const A = 2\n",
          "aqua M\n"
          "const A = 1\n"
          "const A ?= 2\n" },
    [D_HIDES_IMPORT] = {
        AQUA_WARN, "A0314", "hides-import", "a definition takes the place of an import",
          "The function has the name of an imported one, which cannot be called any more. Rename it, or import "
          "the other under another name.",
          "aqua M\n"
          "import open from \"lib.aqua\"\n"
          "func open() -> u8:\n"
          "  <- 1\n",
          "aqua M\n"
          "import open as libOpen from \"lib.aqua\"\n"
          "func open() -> u8:\n"
          "  x <- libOpen()\n"
          "  <- x\n" },
    [D_UNUSED_VARIABLE] = {
        AQUA_WARN, "A0315", "unused-variable", "defined and not used",
          "Nobody reads it. A call whose result is not wanted needs no name in front.",
          "aqua M\n"
          "func f(a: u8) -> u8:\n"
          "  b = a + 1\n"
          "  <- a\n",
          "aqua M\n"
          "func f(a: u8) -> u8:\n"
          "  b = a + 1\n"
          "  <- b\n" },
    [D_TYPE_AGAIN] = {
        AQUA_WARN, "A0316", "type-again", "a type that was imported is defined again",
          "The definition is the same as the imported one, so nothing changes. The original compiler refuses it "
          "by now; libraries of older versions have it. Leave the definition out.",
          "aqua M\n"
          "import open, Thing from \"lib.aqua\"\n"
          "data Thing:\n"
          "  n: u8\n"
          "func f(t: Thing) -> u8:\n"
          "  x <- open()\n"
          "  <- x + t.n\n",
          "aqua M\n"
          "import open, Thing from \"lib.aqua\"\n"
          "func f(t: Thing) -> u8:\n"
          "  x <- open()\n"
          "  <- x + t.n\n" },
    [D_MISMATCH] = {
        AQUA_SEMANTIC_ERROR, "A0401", "type-mismatch", "the value has another type than is expected here",
          "Numbers fit wider ones (u8 into u32), data fit those with fewer fields, arrays, options and streams "
          "fit arrays and options. Nothing is converted otherwise.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f():\n"
          "  Op.put(\"1\")\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f():\n"
          "  Op.put(1)\n" },
    [D_ARG_COUNT] = {
        AQUA_SEMANTIC_ERROR, "A0402", "argument-count", "too many or too few arguments",
          "All arguments of the function must be given; abilities, in braces, count among them.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f():\n"
          "  Op.put(1, 2)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f():\n"
          "  Op.put(1)\n" },
    [D_NOT_CALLABLE] = {
        AQUA_SEMANTIC_ERROR, "A0403", "not-callable", "a value that is no function",
          "Only functions, closures, callbacks and functions of services and abilities can be called.",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  y <- x()\n"
          "  <- y\n",
          "aqua M\n"
          "func f(x: -> u8) -> u8:\n"
          "  y <- x()\n"
          "  <- y\n" },
    [D_NO_RESULT] = {
        AQUA_SEMANTIC_ERROR, "A0404", "no-result", "the call gives nothing back",
          "A call stands inside a value only if it has a result.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f() -> u8:\n"
          "  <- Op.put(1)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8) -> u8\n"
          "func f() -> u8:\n"
          "  <- Op.put(1)\n" },
    [D_FIELD_NOT_ARROW] = {
        AQUA_SEMANTIC_ERROR, "A0405", "field-not-arrow", "the field is a value, not a function",
          "Read it without brackets.",
          "aqua M\n"
          "ability A:\n"
          "  n: u8\n"
          "func f{A}() -> u8:\n"
          "  <- A.n()\n",
          "aqua M\n"
          "ability A:\n"
          "  n: u8\n"
          "func f{A}() -> u8:\n"
          "  <- A.n\n" },
    [D_NOT_AN_INTEGER] = {
        AQUA_SEMANTIC_ERROR, "A0406", "not-an-integer", "arithmetic and indexes take integers",
          "`+ - / % **`, the comparisons `< <= > >=` and indexes work on integers; `*` also on numbers with a "
          "fraction.",
          "aqua M\n"
          "func f(s: string) -> u8:\n"
          "  <- s + 1\n",
          "aqua M\n"
          "func f(s: u8) -> u8:\n"
          "  <- s + 1\n" },
    [D_NOT_INDEXABLE] = {
        AQUA_SEMANTIC_ERROR, "A0407", "not-indexable", "only collections have elements",
          "`x[0]` and `x!` take an element of an array, a stream or an option.",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  <- x[0]\n",
          "aqua M\n"
          "func f(x: []u8) -> u8:\n"
          "  <- x[0]\n" },
    [D_OPTION_INDEX] = {
        AQUA_SEMANTIC_ERROR, "A0408", "option-index", "an option holds one value at most",
          "Take it with `!`, without a number.",
          "aqua M\n"
          "func f(x: ?u8) -> u8:\n"
          "  <- x[0]\n",
          "aqua M\n"
          "func f(x: ?u8) -> u8:\n"
          "  <- x!\n" },
    [D_NOT_COMPARABLE] = {
        AQUA_SEMANTIC_ERROR, "A0409", "not-comparable", "these two can never be equal",
          "`==` and `!=` compare numbers with numbers, and other values with those of a type that fits. "
          "Functions and abilities are not compared.",
          "aqua M\n"
          "func f(a: string, b: u8) -> bool:\n"
          "  <- a == b\n",
          "aqua M\n"
          "func f(a: u16, b: u8) -> bool:\n"
          "  <- a == b\n" },
    [D_LITERAL_RANGE] = {
        AQUA_SEMANTIC_ERROR, "A0410", "literal-range", "the number does not fit into its type",
          "u8 holds 0 to 255, i8 holds -128 to 127, and so on. The original compiler lets such numbers through; "
          "the service that gets one refuses it.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f():\n"
          "  Op.put(300)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u16)\n"
          "func f():\n"
          "  Op.put(300)\n" },
    [D_NOT_DATA] = {
        AQUA_SEMANTIC_ERROR, "A0411", "not-data", "collections hold data",
          "Functions, abilities, services, streams and maps cannot be elements.",
          "aqua M\n"
          "func f(x: []*u8):\n"
          "  join x[0]\n",
          "aqua M\n"
          "func f(x: [][]u8):\n"
          "  join x[0]\n" },
    [D_MIXED_ELEMENTS] = {
        AQUA_WARN, "A0412", "mixed-elements", "elements of different types in one collection",
          "The collection gets the narrowest type among its elements, so that a wider element may hold more "
          "than the type promises. The original compiler does the same, therefore the type stays as it is. "
          "Convert the elements, or give a parameter the wider type.",
          "aqua M\n"
          "func f(a: u8, b: i64) -> []u8:\n"
          "  <- [a, b]\n",
          "aqua M\n"
          "func f(a: i64, b: i64) -> []i64:\n"
          "  <- [a, b]\n" },
    [D_UNKNOWN_RESULT] = {
        AQUA_WARN, "A0413", "unknown-result", "no type holds all results of this operation",
          "There is no integer type for all values of both operands, so i64 is taken.",
          "aqua M\n"
          "func f(a: u64, b: i8) -> i64:\n"
          "  <- a + b\n",
          "aqua M\n"
          "func f(a: u32, b: i8) -> i64:\n"
          "  <- a + b\n" },
    [D_NOT_ITERABLE] = {
        AQUA_SEMANTIC_ERROR, "A0414", "not-iterable", "this cannot be walked through",
          "`for` and `parseq` walk arrays, streams and options; `for` with two names walks a stream map.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f(n: u8):\n"
          "  for x <- n:\n"
          "    Op.put(x)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f(n: []u8):\n"
          "  for x <- n:\n"
          "    Op.put(x)\n" },
    [D_NOT_A_STREAM] = {
        AQUA_SEMANTIC_ERROR, "A0415", "not-a-stream", "only streams grow",
          "`s <<- value` appends to a stream (`s: *T`), `m <<- key, value` to a stream map (`m: %T`). All other "
          "values are fixed.",
          "aqua M\n"
          "func f(x: []u8) -> []u8:\n"
          "  x <<- 1\n"
          "  <- x\n",
          "aqua M\n"
          "func f(x: []u8) -> []u8:\n"
          "  s: *u8\n"
          "  s <<- 1\n"
          "  <- s\n" },
    [D_FIELD_KIND] = {
        AQUA_SEMANTIC_ERROR, "A0416", "field-kind", "only data travels",
          "Fields of data and arguments and results of services leave the peer, so they are data: no streams, "
          "functions or abilities.",
          "aqua M\n"
          "data D:\n"
          "  a: *u8\n",
          "aqua M\n"
          "data D:\n"
          "  a: []u8\n" },
    [D_SERVICE_RESULTS] = {
        AQUA_SEMANTIC_ERROR, "A0417", "service-results", "a service gives one result at most",
          "Put several into a `data`.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get() -> u8, u8\n",
          "aqua M\n"
          "data Pair:\n"
          "  a: u8\n"
          "  b: u8\n"
          "service Op(\"op\"):\n"
          "  get() -> Pair\n" },
    [D_MISSING_ARGUMENT] = {
        AQUA_SEMANTIC_ERROR, "A0418", "missing-field", "a field is missing",
          "All fields must be given. To change some of an existing value use `.copy(field = value)`.",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "  b: u8\n"
          "func f() -> D:\n"
          "  <- D(a = 1)\n",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "  b: u8\n"
          "func f() -> D:\n"
          "  <- D(a = 1, b = 2)\n" },
    [D_DUPLICATE_ARGUMENT] = {
        AQUA_SEMANTIC_ERROR, "A0419", "duplicate-field", "a field is given twice",
          "Each field is given once; nothing says which of the two is meant.",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "func f() -> D:\n"
          "  <- D(a = 1, a = 2)\n",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "func f() -> D:\n"
          "  <- D(a = 1)\n" },
    [D_EXTRA_ARGUMENT] = {
        AQUA_WARN, "A0420", "extra-field", "the type has no such field",
          "The value carries it all the same, and nobody can read it through this type.",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "func f() -> D:\n"
          "  <- D(a = 1, b = 2)\n",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "func f() -> D:\n"
          "  <- D(a = 1)\n" },
    [D_NOT_CONSTRUCTIBLE] = {
        AQUA_SEMANTIC_ERROR, "A0421", "not-constructible", "only data and abilities are made from fields",
          "`Name(field = value)` makes a value of a `data` or an `ability`. An alias of a plain type has no "
          "fields.",
          "aqua M\n"
          "alias N: u8\n"
          "func f() -> u8:\n"
          "  x = N(a = 1)\n"
          "  <- 1\n",
          "aqua M\n"
          "data N:\n"
          "  a: u8\n"
          "func f() -> u8:\n"
          "  x = N(a = 1)\n"
          "  <- x.a\n" },
    [D_NO_COPY] = {
        AQUA_SEMANTIC_ERROR, "A0422", "no-copy", "only data can be copied with changes",
          "`.copy(field = value)` gives a `data` with some fields changed. Other values are written anew.",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  y = x.copy(a = 1)\n"
          "  <- 1\n",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "func f(x: D) -> D:\n"
          "  <- x.copy(a = 1)\n" },
    [D_NOT_A_SERVICE] = {
        AQUA_SEMANTIC_ERROR, "A0423", "not-a-service", "only a service has an id",
          "`Name \"id\"` says which instance of the service `Name` is meant below.",
          "aqua M\n"
          "data D:\n"
          "  a: u8\n"
          "func f() -> u8:\n"
          "  D \"id\"\n"
          "  <- 1\n",
          "aqua M\n"
          "service D:\n"
          "  a() -> u8\n"
          "func f() -> u8:\n"
          "  D \"id\"\n"
          "  <- D.a()\n" },
    [D_SERVICE_ID_KIND] = {
        AQUA_SEMANTIC_ERROR, "A0424", "service-id-kind", "the default id of a service is a literal",
          "It goes into the definition for clients. Set ids that are computed inside a function.",
          "aqua M\n"
          "service Op(LAST_ERROR.message):\n"
          "  get()\n",
          "aqua M\n"
          "const ID = \"op\"\n"
          "service Op(ID):\n"
          "  get()\n" },
    [D_CONST_KIND] = {
        AQUA_SEMANTIC_ERROR, "A0425", "const-kind", "a constant is a literal or another constant",
          "What stands behind `=` must be known before the program runs.",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- 1\n"
          "service Op(\"op\"):\n"
          "  get() -> u8\n"
          "const A = Op\n",
          "aqua M\n"
          "const B = 1\n"
          "const A = B\n" },
    [D_FIELDS_MISSING] = {
        AQUA_SEMANTIC_ERROR, "A0426", "fields-missing", "the value lacks fields that are expected",
          "Data fits where all expected fields are there, whatever its name.",
          "aqua M\n"
          "data A:\n"
          "  x: u8\n"
          "data B:\n"
          "  x: u8\n"
          "  y: u8\n"
          "func f(a: A) -> u8:\n"
          "  <- 1\n"
          "func g(b: B) -> u8:\n"
          "  <- 1\n"
          "func h(a: A) -> u8:\n"
          "  r <- g(a)\n"
          "  <- r\n",
          "aqua M\n"
          "data A:\n"
          "  x: u8\n"
          "data B:\n"
          "  x: u8\n"
          "  y: u8\n"
          "func f(a: A) -> u8:\n"
          "  <- 1\n"
          "func h(b: B) -> u8:\n"
          "  r <- f(b)\n"
          "  <- r\n" },
    [D_NO_METHOD] = {
        AQUA_SEMANTIC_ERROR, "A0427", "no-method", "values have no functions",
          "Functions stand in services, abilities and modules. Streams maps have `get`, `getStream`, "
          "`contains`, `keys` and `keysStream`.",
          "aqua M\n"
          "func f(s: string) -> u32:\n"
          "  <- s.size()\n",
          "aqua M\n"
          "func f(s: []string) -> u32:\n"
          "  <- s.length\n" },
    [D_ELSE_ALONE] = {
        AQUA_SEMANTIC_ERROR, "A0501", "else-alone", "`else` without its `if`",
          "`else:` stands directly behind the block of an `if`, indented like it.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f():\n"
          "  Op.get()\n"
          "  else:\n"
          "    Op.get()\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f(x: bool):\n"
          "  if x:\n"
          "    Op.get()\n"
          "  else:\n"
          "    Op.get()\n" },
    [D_CATCH_ALONE] = {
        AQUA_SEMANTIC_ERROR, "A0502", "catch-alone", "`catch` without its `try`",
          "`catch e:` stands behind the block of a `try`, or behind another `catch` of it.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f():\n"
          "  Op.get()\n"
          "  catch e:\n"
          "    Op.get()\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f():\n"
          "  try:\n"
          "    Op.get()\n"
          "  catch e:\n"
          "    Op.get()\n" },
    [D_NO_PREVIOUS] = {
        AQUA_SEMANTIC_ERROR, "A0503", "no-previous", "nothing stands before it in this block",
          "`par` runs beside the statement above it, `otherwise` when that one has failed.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f():\n"
          "  par Op.get()\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get()\n"
          "func f():\n"
          "  Op.get()\n"
          "  par Op.get()\n" },
    [D_RETURN_TWICE] = {
        AQUA_SEMANTIC_ERROR, "A0504", "return-twice", "one return in a function",
          "Several values are returned together: `<- a, b`.",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- 1\n"
          "  <- 2\n",
          "aqua M\n"
          "func f() -> u8, u8:\n"
          "  <- 1, 2\n" },
    [D_RETURN_UNDECLARED] = {
        AQUA_SEMANTIC_ERROR, "A0505", "return-undeclared", "a return without a declared type",
          "The header says what a function gives back: `func f() -> u8:`.",
          "aqua M\n"
          "func f(x: u8):\n"
          "  <- x\n",
          "aqua M\n"
          "func f(x: u8) -> u8:\n"
          "  <- x\n" },
    [D_RETURN_MISSING] = {
        AQUA_SEMANTIC_ERROR, "A0506", "return-missing", "a declared result that is never returned",
          "The last line of the function must be `<- value`.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f(x: u8) -> u8:\n"
          "  Op.put(x)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f(x: u8) -> u8:\n"
          "  Op.put(x)\n"
          "  <- x\n" },
    [D_RETURN_COUNT] = {
        AQUA_SEMANTIC_ERROR, "A0507", "return-count", "too many or too few values are returned",
          "As many as the header declares.",
          "aqua M\n"
          "func f() -> u8, u8:\n"
          "  <- 1\n",
          "aqua M\n"
          "func f() -> u8, u8:\n"
          "  <- 1, 2\n" },
    [D_RETURN_TYPE] = {
        AQUA_SEMANTIC_ERROR, "A0508", "return-type", "the returned value has another type than is declared",
          "The header says which type comes back: change the value, or the header.",
          "aqua M\n"
          "func f() -> u8:\n"
          "  <- \"one\"\n",
          "aqua M\n"
          "func f() -> string:\n"
          "  <- \"one\"\n" },
    [D_TARGET_COUNT] = {
        AQUA_SEMANTIC_ERROR, "A0509", "target-count", "more names than results",
          "A call gives as many values as its function declares, and no more can be named.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get() -> u8\n"
          "func f() -> u8:\n"
          "  a, b <- Op.get()\n"
          "  <- a\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get() -> u8\n"
          "func f() -> u8:\n"
          "  a <- Op.get()\n"
          "  <- a\n" },
    [D_UNUSED_RESULT] = {
        AQUA_WARN, "A0510", "unused-result", "results that nobody takes",
          "The call is made all the same.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get() -> u8\n"
          "func f():\n"
          "  Op.get()\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get() -> u8\n"
          "func f() -> u8:\n"
          "  x <- Op.get()\n"
          "  <- x\n" },
    [D_MAP_ARROW] = {
        AQUA_SEMANTIC_ERROR, "A0511", "map-arrow", "functions of stream maps are values",
          "They are worked out here and call nobody: `x = m.get(\"key\")`.",
          "aqua M\n"
          "func f(m: %u8) -> []u8:\n"
          "  x <- m.get(\"k\")\n"
          "  <- x\n",
          "aqua M\n"
          "func f(m: %u8) -> []u8:\n"
          "  x = m.get(\"k\")\n"
          "  <- x\n" },
    [D_AFTER_RETURN] = {
        AQUA_WARN, "A0512", "after-return", "statements behind the return",
          "They run before the function gives its values back, which surprises readers. Put the return last.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f() -> u8:\n"
          "  <- 1\n"
          "  Op.put(2)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f() -> u8:\n"
          "  Op.put(2)\n"
          "  <- 1\n" },
    [D_NEVER_ARRIVES] = {
        AQUA_WARN, "A0601", "never-arrives", "this value can never arrive",
          "An element of a stream is waited for. Nobody writes as many into this stream, so the program would "
          "stand still here until it expires.",
          "aqua M\n"
          "func f() -> u8:\n"
          "  s: *u8\n"
          "  s <<- 1\n"
          "  <- s[1]\n",
          "aqua M\n"
          "func f() -> u8:\n"
          "  s: *u8\n"
          "  s <<- 1\n"
          "  <- s[0]\n" },
    [D_NOT_JOINED] = {
        AQUA_WARN, "A0602", "not-joined", "a stream is read before its writers are done",
          "A stream that is used as a whole (returned, passed on, compared, `.length`) is what has arrived at "
          "that moment. Its writers run beside (`par`, `co`), and nothing waits for them. `join` waits for as "
          "many elements as are needed.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get() -> u8\n"
          "func f(peers: []string) -> []u8:\n"
          "  s: *u8\n"
          "  for p <- peers par:\n"
          "    on p:\n"
          "      s <- Op.get()\n"
          "  <- s\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  get() -> u8\n"
          "func f(peers: []string) -> []u8:\n"
          "  s: *u8\n"
          "  for p <- peers par:\n"
          "    on p:\n"
          "      s <- Op.get()\n"
          "  join s[peers.length - 1]\n"
          "  <- s\n" },
    [D_ON_NOWHERE] = {
        AQUA_WARN, "A0603", "on-nowhere", "no peer has this id",
          "`on` takes a peer id: the base58 text of a key's hash, such as 12D3KooW... The literal is none, so "
          "what stands below runs nowhere.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f():\n"
          "  on \"relay\":\n"
          "    Op.put(1)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f():\n"
          "  on \"12D3KooWSD5PToNiLQwKDXsu8JSysCwUt8BVUJEqCHcDe7P5h45e\":\n"
          "    Op.put(1)\n" },
    [D_ON_WITHOUT_RELAY] = {
        AQUA_WARN, "A0604", "on-without-relay", "the client is reached through its relay only",
          "Other peers have no connection to the peer that started the particle: the way goes through its "
          "relay, `HOST_PEER_ID`.",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f(peer: string):\n"
          "  on peer:\n"
          "    Op.put(1)\n"
          "    on INIT_PEER_ID:\n"
          "      Op.put(2)\n",
          "aqua M\n"
          "service Op(\"op\"):\n"
          "  put(x: u8)\n"
          "func f(peer: string):\n"
          "  on peer:\n"
          "    Op.put(1)\n"
          "    on INIT_PEER_ID via HOST_PEER_ID:\n"
          "      Op.put(2)\n" },
    [D_EXPANSION] = {
        AQUA_SEMANTIC_ERROR, "A0701", "expansion", "the function cannot be put into a script",
          "Every call of a function is expanded where it stands. The script becomes too deep or too large for "
          "AquaVM; split the work into several functions that clients call.",
          "",
          "" },
};
/* clang-format on */

const aqua_code *aqua_codes(size_t *count)
{
    *count = DIAG_CODES;
    return aqua__codes;
}

static char lower(char ch) { return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch; }

static bool same_letters(riv_str a, riv_str b)
{
    for (size_t i = 0; i < RIV_MIN(a.len, b.len); i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return a.len == b.len;
}

const aqua_code *aqua_code_find(riv_str code_or_name)
{
    for (size_t i = 0; i < DIAG_CODES; i++)
        if (same_letters(code_or_name, riv_str_c(aqua__codes[i].code)) ||
            same_letters(code_or_name, riv_str_c(aqua__codes[i].name)))
            return &aqua__codes[i];
    return NULL;
}
