#!/usr/bin/env bash
# PipeReader.ReadAtLeastAsync of a Pipe counts only bytes beyond what was examined, and a cancelled one hides what is buffered.
#
# Version: .NET 10 (System.IO.Pipelines of the shared framework; the script prints the runtime), Linux.
# Expected: the documentation calls the argument the minimum length that needs to be buffered for the call to return. A parser that has
#           examined 10 bytes and needs 12 in all asks for 12, and goes on when 2 more have come; with PipeReader.Create(stream) it does.
#           After a ReadAtLeastAsync that was cancelled, ReadAsync returns the bytes that are there.
# Seen:     with a Pipe the call waits for 12 further bytes. After a cancelled ReadAtLeastAsync, by a token or by CancelPendingRead, ReadAsync
#           waits although bytes are buffered that nothing has examined; it returns with the next flush:
#             stream, 10 examined, 2 more, at least 12: returns
#             pipe, 10 examined, 2 more, at least 12: waits
#             pipe, 10 examined, 12 more, at least 12: returns
#             pipe, 3 buffered, ReadAtLeastAsync cancelled by a token, ReadAsync: waits
#             pipe, 3 buffered, ReadAtLeastAsync cancelled by CancelPendingRead, ReadAsync: waits
# Why it matters: a peer that has sent its last bytes sends nothing further, so such a parser waits for ever. The pipes of this library count
#           the whole buffer and return what is buffered; code that is to run over both passes what is missing beyond the examined bytes.
#
# Exit code: 0 while this holds, 1 when it has changed, 2 when it cannot be built here.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2

cat >try.cs <<'CS'
using System.IO.Pipelines;

Console.WriteLine($"runtime {Environment.Version}");

// A stream that gives 10 bytes, then 2, then nothing for a while.
var source = new Pipe();
var stream = PipeReader.Create(source.Reader.AsStream());
await source.Writer.WriteAsync(new byte[10]);
await Examine(stream);
await source.Writer.WriteAsync(new byte[2]);
await Report("stream, 10 examined, 2 more, at least 12", stream.ReadAtLeastAsync(12).AsTask());

var pipe = new Pipe();
await pipe.Writer.WriteAsync(new byte[10]);
await Examine(pipe.Reader);
var atLeast = pipe.Reader.ReadAtLeastAsync(12).AsTask();
await pipe.Writer.WriteAsync(new byte[2]);
await Report("pipe, 10 examined, 2 more, at least 12", atLeast);
await pipe.Writer.WriteAsync(new byte[10]);
await Report("pipe, 10 examined, 12 more, at least 12", atLeast);

pipe = new Pipe();
await pipe.Writer.WriteAsync(new byte[3]);
using (var source2 = new CancellationTokenSource())
{
    atLeast = pipe.Reader.ReadAtLeastAsync(5, source2.Token).AsTask();
    source2.Cancel();
    try { await atLeast; } catch (OperationCanceledException) { }
}

await Report("pipe, 3 buffered, ReadAtLeastAsync cancelled by a token, ReadAsync", pipe.Reader.ReadAsync().AsTask());

pipe = new Pipe();
await pipe.Writer.WriteAsync(new byte[3]);
atLeast = pipe.Reader.ReadAtLeastAsync(5).AsTask();
pipe.Reader.CancelPendingRead();
pipe.Reader.AdvanceTo((await atLeast).Buffer.Start);
await Report("pipe, 3 buffered, ReadAtLeastAsync cancelled by CancelPendingRead, ReadAsync", pipe.Reader.ReadAsync().AsTask());

static async Task Examine(PipeReader reader)
{
    var read = await reader.ReadAsync();
    reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
}

static async Task Report(string what, Task<ReadResult> read) =>
    Console.WriteLine($"{what}: {(await Task.WhenAny(read, Task.Delay(1_000)) == read ? "returns" : "waits")}");
CS

seen=$(dotnet run try.cs 2>&1) || { printf '%s\n' "$seen"; exit 2; }
printf '%s\n' "$seen"
expected=$(printf 'stream, 10 examined, 2 more, at least 12: returns
pipe, 10 examined, 2 more, at least 12: waits
pipe, 10 examined, 12 more, at least 12: returns
pipe, 3 buffered, ReadAtLeastAsync cancelled by a token, ReadAsync: waits
pipe, 3 buffered, ReadAtLeastAsync cancelled by CancelPendingRead, ReadAsync: waits')
[ "$(printf '%s\n' "$seen" | grep -v '^runtime')" = "$expected" ]
