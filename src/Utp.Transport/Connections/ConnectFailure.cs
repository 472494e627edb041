using System.Runtime.CompilerServices;

namespace Utp.Transport.Connections;

/// <summary>
/// The close reason of a failed connect, by the exception that reports it. The exceptions themselves are plain <c>SocketException</c>s and
/// <c>OperationCanceledException</c>s, because callers expect these types.
/// </summary>
internal static class ConnectFailure
{
    private static readonly ConditionalWeakTable<Exception, object> Reasons = [];

    /// <summary>Notes why the attempt ended. The first reason is kept.</summary>
    public static void Note(Exception exception, UtpCloseReason reason) => Reasons.TryAdd(exception, reason);

    /// <summary>Gets the reason; null for an exception that no attempt has thrown.</summary>
    public static UtpCloseReason? ReasonOf(Exception exception) => exception switch
    {
        _ when Reasons.TryGetValue(exception, out var reason) => (UtpCloseReason)reason,
        OperationCanceledException => UtpCloseReason.LocalAbort,
        _ => null,
    };
}
