using System.Net;
using Utp.Protocol.Tracing;
using Utp.Transport.Connections;

namespace Utp.Transport.Diagnostics.Tracing;

/// <summary>The connections of one UDP socket, in the engine's trace file under the ids that they have in logs.</summary>
internal sealed class SocketTrace(TraceFile file, IPEndPoint local) : ITraceSink
{
    public string NextConnectionId() => ConnectionIds.Next();

    public void Write(in TraceRecord record) => file.Write(record, local);
}
