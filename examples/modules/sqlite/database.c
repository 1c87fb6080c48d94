/* database.c: SQLite as a service: a database that lives as long as the service, or in a mapped folder; statements with parameters, rows as texts. */
#define MARINE_LONG_NAMES /* SQLite has names of its own for numbers */
#include "marine.h"

#include "vendor/sqlite3.h"

MARINE_MANIFEST("Rivulet", "0.1.0", "SQLite as a service", "https://sqlite.org");
MARINE_RECORD(Answer, (bool ok, string error, array(string) columns, array2(string) rows, i64 changes, i64 last_id))

static sqlite3 *db; /* opened by the first statement, in memory, unless open came before */

static Answer failed(const char *why) { return (Answer){ .error = marine_format("%s", why) }; }

static int open_file(const char *path)
{
    if (db) sqlite3_close(db);
    db = NULL;
    return sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
}

static bool ready(void) { return db || open_file(":memory:") == SQLITE_OK; }

static marine_string column_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column); /* NULL for NULL */
    return text ? marine_format("%s", text) : marine_text("");
}

static marine_array_string read_row(sqlite3_stmt *statement, int columns)
{
    marine_array_string row = marine_array_new(string, columns);
    for (int i = 0; i < columns; i++) row.ptr[i] = column_text(statement, i);
    return row;
}

/* Rows come one by one: the array is doubled while there are more. */
static int read_rows(sqlite3_stmt *statement, Answer *out)
{
    int    columns = sqlite3_column_count(statement), code;
    size_t room    = 0;
    out->columns   = marine_array_new(string, columns);
    for (int i = 0; i < columns; i++) out->columns.ptr[i] = marine_format("%s", sqlite3_column_name(statement, i));
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (out->rows.len == room) {
            marine_array2_string wider = marine_array2_new(string, room ? 2 * room : 16);
            if (out->rows.len) memcpy(wider.ptr, out->rows.ptr, out->rows.len * sizeof *wider.ptr);
            room          = wider.len;
            out->rows.ptr = wider.ptr;
        }
        out->rows.ptr[out->rows.len++] = read_row(statement, columns);
    }
    return code;
}

/* A file below a mapped folder, such as "data/shop.db"; ":memory:" starts anew in memory. */
MARINE_EXPORT(record(Answer), open, (string path))
{
    if (open_file(path.ptr) != SQLITE_OK) return failed(sqlite3_errmsg(db));
    return (Answer){ .ok = true };
}

/* One statement; ?1, ?2 ... stand for the parameters. */
MARINE_EXPORT(record(Answer), query, (string sql, array(string) parameters))
{
    sqlite3_stmt *statement = NULL;
    const char   *rest      = NULL;
    Answer        answer    = { 0 };
    if (!ready()) return failed("the database does not open");
    if (sqlite3_prepare_v2(db, sql.ptr, (int)sql.len, &statement, &rest) != SQLITE_OK)
        return failed(sqlite3_errmsg(db));
    if (!statement) return failed("there is no statement");
    for (size_t i = 0; i < parameters.len; i++)
        if (sqlite3_bind_text(statement, (int)i + 1, parameters.ptr[i].ptr, (int)parameters.ptr[i].len,
                              SQLITE_TRANSIENT) != SQLITE_OK) {
            sqlite3_finalize(statement);
            return failed(sqlite3_errmsg(db));
        }
    int code       = read_rows(statement, &answer);
    answer.ok      = code == SQLITE_DONE;
    answer.error   = answer.ok ? marine_text("") : marine_format("%s", sqlite3_errmsg(db));
    answer.changes = sqlite3_changes64(db);
    answer.last_id = sqlite3_last_insert_rowid(db);
    sqlite3_finalize(statement);
    return answer;
}

/* Several statements without results, such as a schema. */
MARINE_EXPORT(record(Answer), exec, (string sql))
{
    char *error = NULL;
    if (!ready()) return failed("the database does not open");
    if (sqlite3_exec(db, sql.ptr, NULL, NULL, &error) != SQLITE_OK) {
        Answer answer = failed(error ? error : "failed");
        sqlite3_free(error);
        return answer;
    }
    return (Answer){ .ok = true, .changes = sqlite3_changes64(db), .last_id = sqlite3_last_insert_rowid(db) };
}

MARINE_EXPORT(string, version, ()) { return marine_text(sqlite3_libversion()); }
