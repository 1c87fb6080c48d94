/* mounted.c: asks for programs that its configuration mounts, by two generations of the host's functions. */
#include "marine.h"

MARINE_RECORD(MountedBinaryResult, (i32 ret_code, string error, bytes stdout_, bytes stderr_))
MARINE_RECORD(Answer, (i32 ret_code, string error, string out, string err))

MARINE_IMPORT("__marine_host_api_v3", record(MountedBinaryResult), tool, (array(string) args));
MARINE_IMPORT("host", record(MountedBinaryResult), old_tool, (array(string) args));

static Answer answer_of(MountedBinaryResult r)
{
    Answer a = { r.ret_code,
                 r.error,
                 { (const char *)r.stdout_.ptr, r.stdout_.len },
                 { (const char *)r.stderr_.ptr, r.stderr_.len } };
    return a;
}
MARINE_EXPORT(record(Answer), run, (array(string) args)) { return answer_of(tool(args)); }
MARINE_EXPORT(record(Answer), run_old, (array(string) args)) { return answer_of(old_tool(args)); }
MARINE_EXPORT(record(Answer), no_text, ())
{
    marine_array_string args = marine_array_new(string, 2);
    args.ptr[1].ptr          = "\xff\xfe";
    args.ptr[1].len          = 2;
    return answer_of(tool(args));
}
MARINE_EXPORT(u32, many, (u32 times))
{
    marine_array_string args  = marine_array_new(string, 1);
    u32                 bytes = 0;
    for (u32 i = 0; i < times; i++) bytes += (u32)tool(args).stdout_.len;
    return bytes;
}
