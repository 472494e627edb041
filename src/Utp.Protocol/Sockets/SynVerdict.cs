namespace Utp.Protocol.Sockets;

/// <summary>Whether <see cref="SynAdmission"/> has room for a connection request.</summary>
internal enum SynVerdict
{
    Room,

    /// <summary>The application has not taken the connections that wait: the SYN is dropped.</summary>
    BacklogFull,

    /// <summary>The remote address has its maximum of unconfirmed requests: the SYN is dropped.</summary>
    AddressFull,

    /// <summary>The table of unconfirmed requests is full: the SYN is dropped unless the oldest one is old enough to make room.</summary>
    HalfOpenFull,
}
