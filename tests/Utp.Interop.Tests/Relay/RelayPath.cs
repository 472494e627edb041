using System.Net;
using System.Net.Sockets;
using Utp.Interop.Tests.Harness;

namespace Utp.Interop.Tests.Relay;

/// <summary>One dialling socket as the relay sees it, and the relay's own socket that stands for it towards the target.</summary>
internal sealed record RelayPath(SocketAddress Dialler, Socket Outward);
